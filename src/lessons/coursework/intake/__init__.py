"""What comes in, which may be anything: files, names, class lists, notebooks."""
