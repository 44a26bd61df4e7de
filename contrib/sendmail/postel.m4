dnl # Postel in Sendmail: copy this file to /etc/mail/postel.m4, and name it in the
dnl # last line of /etc/mail/sendmail.mc, behind the MAILER lines:
dnl #
dnl #   include(`/etc/mail/postel.m4')dnl

dnl # The milter answers each telephone at RCPT TO and gives the mail the ticket by
dnl # which Postel's LMTP door knows the sender. There is no F=: with Postel down,
dnl # mail passes without it (README.md says what F=T would do). The times bound
dnl # how long a Postel that hangs can hold a session up: ten seconds, once.
INPUT_MAIL_FILTER(`postel', `S=unix:/run/postel/milter, T=C:5s;S:10s;R:10s;E:30s')dnl

dnl # The way to Postel: LMTP (z in F=) over the Unix socket that mailertable names.
dnl # u keeps upper and lower case, on which passwords in addresses depend; m hands
dnl # over all telephones of a mail at once, k does not mind that Postel greets with
dnl # the name of this machine, 8 sends eight bits as they are.
MAILER_DEFINITIONS
Mpostel,	P=[IPC], F=mDFMuXk8z, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=2040,
		T=DNS/RFC822/SMTP,
		A=FILE $h
