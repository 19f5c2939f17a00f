"""DNS messages on the wire: names, questions, resource records, EDNS."""
