"""Attribution: which process is held to have asked, how sure that is, and what speaks against."""
