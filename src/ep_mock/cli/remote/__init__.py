"""What the commands that steer a running server have in common: the way to it, their options, and how answers
are shown.
"""
