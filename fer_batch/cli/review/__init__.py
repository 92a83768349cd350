"""`fer-batch review`: results corrected in the browser."""
