"""What people and programs read of a plan or an outcome: text, Markdown, JSON. From the same objects."""
