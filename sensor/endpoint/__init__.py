"""Process events: what Sysmon says of the hosts, in whatever log format it comes."""
