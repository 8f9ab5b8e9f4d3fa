"""Workbooks and journals that earlier versions left, to be taken up by every later one."""
