"""What bin/run, bin/test and bin/bench share; the standard library alone, for there is no environment yet."""
