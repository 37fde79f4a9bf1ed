int graybox_placeholder(void) { return 0; }
