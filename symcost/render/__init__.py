"""Results as text, tables, LaTeX, Markdown, JSON. Rendering changes no value."""
