"""The workbook: one port with two methods, and an adapter for each kind of sheet."""
