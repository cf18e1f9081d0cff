"""The monitor on training code as people write it: small versions of well-known set-ups.

Each is trained healthy and with faults put in, under the snippet of the README.
"""
