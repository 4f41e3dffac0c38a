#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| callboard_fuzz::check("token_file", bytes));
