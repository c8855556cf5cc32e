"""What screens share, apart from any screen."""
