"""The staff guide in docs/: its text from the templates, its pictures from the demo's workbook."""
