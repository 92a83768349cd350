"""Training, calibration and evaluation of the emotion models. Nothing else imports this."""
