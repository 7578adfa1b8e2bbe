"""``make bench``: what the rig's hot paths cost on this machine, in one run."""
