dnl # Postel in Sendmail. Copy this file to /etc/mail/postel.m4 and name it in the
dnl # last line of /etc/mail/sendmail.mc, behind the MAILER lines:
dnl #
dnl #   include(`/etc/mail/postel.m4')dnl
dnl #
INPUT_MAIL_FILTER(`postel', `S=unix:/run/postel/milter, T=C:5s;S:10s;R:10s;E:30s')dnl
MAILER_DEFINITIONS
Mpostel, P=[IPC], F=mDFMuXk8z, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=2040, T=DNS/RFC822/SMTP, A=FILE $h
