# scaudit profile 1
machine i386
release 6.1.0-50-686-pae
current 0xc1e80808
text 0xc1000000
align 0x1000000
banner 0xc1934160
gdt_entry 27
task.pid 1108
task.tgid 1112
task.comm 1412
task.start_time 1284
task.real_parent 1120
task.cred 1404
cred.uid 4
