"""``provender audit`` and ``provender trace``: what a release was made from, by evidence."""
