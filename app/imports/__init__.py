"""Files of rows: how they are read, what their columns mean, and how rows become records.

files     encodings.py, texts.py and workbooks.py behind tables.py: rows of texts, with faults
meaning   columns.py (headers in English and Russian), values.py (days, amounts), planning.py
nouns     leads.py, clients.py, spend.py: a row becomes a record by the noun's own rules
acts      working.py and undoing.py, a part at a time: the pages and the command call them
back      writing.py (CSV, XLSX; guard.py), reports.py (wrong rows with their reasons)
"""
