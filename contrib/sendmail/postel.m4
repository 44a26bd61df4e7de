dnl # Postel in Sendmail: copy this file to /etc/mail/postel.m4, and name it in the
dnl # last line of /etc/mail/sendmail.mc, behind the MAILER lines:
dnl #
dnl #   include(`/etc/mail/postel.m4')dnl

dnl # The milter answers each telephone at RCPT TO and gives the mail the ticket by
dnl # which Postel's LMTP door knows the sender. There is no F=: with Postel down,
dnl # other mail passes without it. The times bound how long a Postel that hangs
dnl # can hold a session up: ten seconds, once.
INPUT_MAIL_FILTER(`postel', `S=unix:/run/postel/milter, T=C:5s;S:10s;R:10s;E:30s')dnl

dnl # The way to Postel: LMTP (z in F=) over the Unix socket that mailertable names.
dnl # u keeps upper and lower case, on which passwords in addresses depend; m hands
dnl # over all telephones of a mail at once, k does not mind that Postel greets with
dnl # the name of this machine, 8 sends eight bits as they are.
MAILER_DEFINITIONS
Mpostel,	P=[IPC], F=mDFMuXk8z, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=2040,
		T=DNS/RFC822/SMTP,
		A=FILE $h

dnl # The guard is the other half of that: before each recipient whose domain the
dnl # mailertable gives to Postel, and before no other, Sendmail asks whether the
dnl # milter sees this mail. If nobody answers within five seconds, or if the answer
dnl # is no, the client is told to come back, and its mail waits.
LOCAL_CONFIG
Kpostelguard socket -d5s -T<TMPF> unix:/run/postel/policy
LOCAL_RULESETS
SLocal_check_rcpt
R$*			$: $1 $| $>CanonAddr $1
R$* $| $* < @ $+ . > $*	$: $1 $| $2 < @ $3 > $4
R$* $| $* < @ $+ > $*	$: $1 $| $(mailertable $3 $: $)
R$* $| postel : $*	$: $1 $| $(postelguard $&{client_addr}/$&{client_port} $: seen $)
R$* $| $* <TMPF>	$#error $@ 4.3.0 $: "451 The telephone service is away: please try again later"
R$* $| unseen		$#error $@ 4.3.0 $: "451 The telephone service does not see this mail: please try again"
R$* $| $*		$: $1
