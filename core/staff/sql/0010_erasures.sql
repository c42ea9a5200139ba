-- Who asks for a closed account to be erased, and who says yes to it.
update staff.roles set permissions = permissions || '{erasures.propose,erasures.approve}' where role in ('administrator', 'compliance_officer');
update staff.roles set permissions = permissions || '{erasures.propose}' where role = 'support';
