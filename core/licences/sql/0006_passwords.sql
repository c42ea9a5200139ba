-- A password beside a second factor may be shorter than one that stands alone (NIST SP 800-63B-4 3.1.1.2).
update licences.licences set rules = rules || '{"passwordLengthMinWithFactor": 8}';
