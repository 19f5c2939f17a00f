"""Take off the headers of a frame: what is left is a packet, or a leftover that says why not.

`unwrap.py` holds the loop and the one TABLE that joins everything; every other file takes off
one header and knows nothing of its neighbours:

  link       ethernet, llc, vlan, cooked (Linux SLL, SLL2), loopback (BSD null, loop), raw
  network    ipv4, ipv6 (with extension)
  transport  udp, tcp

`header.py` says what such a file gives back. A new header is one file with a function
`peel(data) -> Header`, one line in TABLE, and its test.
"""
