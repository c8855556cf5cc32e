"""How a contract becomes a PDF: frozen terms, the printed page, the renderer and the queue."""
