"""Says hello."""

from serve import serve

serve(lambda: {"hello": "python"})
