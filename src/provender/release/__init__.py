"""``provender release``: a build with the evidence of what it was made from."""
