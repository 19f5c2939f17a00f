"""Where frames come from: capture files, standard input, live interfaces."""
