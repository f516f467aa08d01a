"""What two or more steps of the workflow share, and the ``provender`` command."""
