//! The bus file.
