"""Take off the headers of a frame: what is left is a packet, a fragment of one, or a leftover.

`unwrap.py` holds the loop and the one TABLE that joins everything; every other file takes off
one header and knows nothing of its neighbours:

  link       ethernet, llc, cooked (Linux SLL, SLL2), loopback (BSD null, loop), raw, ppp, chdlc,
             arcnet, nflog, pflog
  tags       vlan, itag, vntag, etag, mpls, pppoe, nsh
  network    ipv4, ipv6 (with extension)
  transport  udp, tcp
  tunnels    gre, erspan, etherip, geneve, gtp, l2tp, teredo, tzsp, vxlan, vxlan_gpe

`header.py` says what such a file gives back, `readings.py` orders guesses. A new header is one
file with a function `peel(data) -> Header`, one line in TABLE, and its test.
"""
