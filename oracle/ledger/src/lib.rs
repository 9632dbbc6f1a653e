//! The ledger held against another hand's implementation of the same specifications; everything is in the tests.
