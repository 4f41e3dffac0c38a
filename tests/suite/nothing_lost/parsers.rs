//! Whatever bytes a parser is given: the checks that the fuzzers run, over their corpus.
