"""The system calls that the sandbox's filter allows: what honest programs need, and no other.

Each name but ``uretprobe`` and ``map_shadow_stack`` stands in systemd's set ``@system-service``
(systemd 252); Docker's default profile (moby) was read beside it. Of these two are left out
what an honest grading does without (watched with ``strace -f``) and what reaches past the sandbox:

- memory that belongs to no process or file, or is locked (``memfd_create``, System V and POSIX
  queues, ``mlock``, ``vmsplice``, ``splice``), and keyrings, which belong to the session;
- other processes' memory (``ptrace``, ``process_vm_readv``, ``pidfd_getfd``), what the machine's
  cache holds (``mincore``, ``cachestat``), processors (``sched_setaffinity``) and nodes of memory;
- more of the kernel (``io_uring``, ``bpf``, AIO, namespaces, mounts, ``personality``), other users,
  the clock, and ``sync`` of all the machine's disks.

PyTorch asks for processors and nodes of memory (``mbind``) once, and goes on without. Calls younger
than Linux 5.16 are not here, because C libraries run on older kernels too; but ``fchmodat2`` can do
no more than ``fchmodat``, ``map_shadow_stack`` is needed where a kernel has shadow stacks, and
``uretprobe`` is what a kernel itself makes a traced program call.
"""

# name=number, or name=number on x86_64/number on aarch64, "-" where there is none.
_TABLE = """
# What is in files.
read=0/63 write=1/64 readv=19/65 writev=20/66 pread64=17/67 pwrite64=18/68 preadv=295/69
pwritev=296/70 preadv2=327/286 pwritev2=328/287 lseek=8/62 sendfile=40/71 copy_file_range=326/285
fadvise64=221/223 fallocate=285/47 ftruncate=77/46 truncate=76/45 fsync=74/82 fdatasync=75/83
flock=73/32 fcntl=72/25 ioctl=16/29 close=3/57 close_range=436 dup=32/23 dup2=33/- dup3=292/24
# Names and metadata of files.
open=2/- openat=257/56 openat2=437 creat=85/- stat=4/- fstat=5/80 lstat=6/- newfstatat=262/79
statx=332/291 access=21/- faccessat=269/48 faccessat2=439 statfs=137/43 fstatfs=138/44
getdents=78/- getdents64=217/61 getcwd=79/17 chdir=80/49 fchdir=81/50 mkdir=83/- mkdirat=258/34
rmdir=84/- mknod=133/- mknodat=259/33 link=86/- linkat=265/37 symlink=88/- symlinkat=266/36
readlink=89/- readlinkat=267/78 unlink=87/- unlinkat=263/35 rename=82/- renameat=264/38
renameat2=316/276 umask=95/166 chmod=90/- fchmod=91/52 fchmodat=268/53 fchmodat2=452 chown=92/-
fchown=93/55 lchown=94/- fchownat=260/54 utime=132/- utimes=235/- futimesat=261/- utimensat=280/88
getxattr=191/8 lgetxattr=192/9 fgetxattr=193/10 listxattr=194/11 llistxattr=195/12
flistxattr=196/13 setxattr=188/5 lsetxattr=189/6 fsetxattr=190/7 removexattr=197/14
lremovexattr=198/15 fremovexattr=199/16
# Waiting for events, pipes.
select=23/- pselect6=270/72 poll=7/- ppoll=271/73 epoll_create=213/- epoll_create1=291/20
epoll_ctl=233/21 epoll_wait=232/- epoll_pwait=281/22 epoll_pwait2=441 eventfd=284/- eventfd2=290/19
signalfd=282/- signalfd4=289/74 inotify_init=253/- inotify_init1=294/26 inotify_add_watch=254/27
inotify_rm_watch=255/28 pipe=22/- pipe2=293/59
# Sockets: of which families, the program says.
socket=41/198 socketpair=53/199 bind=49/200 listen=50/201 accept=43/202 accept4=288/242
connect=42/203 shutdown=48/210 getsockname=51/204 getpeername=52/205 getsockopt=55/209
setsockopt=54/208 sendto=44/206 sendmsg=46/211 sendmmsg=307/269 recvfrom=45/207 recvmsg=47/212
recvmmsg=299/243
# Memory of one's own.
brk=12/214 mmap=9/222 munmap=11/215 mremap=25/216 mprotect=10/226 msync=26/227 madvise=28/233
membarrier=324/283 map_shadow_stack=453
# Threads and processes; uretprobe is called by the kernel itself, where an administrator traces.
clone=56/220 fork=57/- vfork=58/- execve=59/221 execveat=322/281 exit=60/93 exit_group=231/94
wait4=61/260 waitid=247/95 set_tid_address=218/96 futex=202/98 futex_waitv=449
set_robust_list=273/99 get_robust_list=274/100 rseq=334/293 arch_prctl=158/- prctl=157/167
sched_yield=24/124 sched_getaffinity=204/123 sched_getscheduler=145/120 sched_setscheduler=144/119
sched_getparam=143/121 sched_setparam=142/118 sched_getattr=315/275 sched_setattr=314/274
sched_get_priority_max=146/125 sched_get_priority_min=147/126 sched_rr_get_interval=148/127
getcpu=309/168 getpriority=140/141 setpriority=141/140 restart_syscall=219/128 uretprobe=335/-
# Who and what one is, limits.
getpid=39/172 getppid=110/173 gettid=186/178 getpgid=121/155 getpgrp=111/- setpgid=109/154
getsid=124/156 setsid=112/157 getuid=102/174 geteuid=107/175 getgid=104/176 getegid=108/177
getresuid=118/148 getresgid=120/150 getgroups=115/158 capget=125/90 uname=63/160 sysinfo=99/179
getrlimit=97/163 setrlimit=160/164 prlimit64=302/261 getrusage=98/165 getrandom=318/278
pidfd_open=434 pidfd_send_signal=424
# Signals.
kill=62/129 tkill=200/130 tgkill=234/131 rt_sigaction=13/134 rt_sigprocmask=14/135
rt_sigreturn=15/139 rt_sigpending=127/136 rt_sigsuspend=130/133 rt_sigtimedwait=128/137
rt_sigqueueinfo=129/138 rt_tgsigqueueinfo=297/240 sigaltstack=131/132 pause=34/-
# Time and timers.
time=201/- times=100/153 gettimeofday=96/169 clock_gettime=228/113 clock_getres=229/114
clock_nanosleep=230/115 nanosleep=35/101 alarm=37/- getitimer=36/102 setitimer=38/103
timer_create=222/107 timer_settime=223/110 timer_gettime=224/108 timer_getoverrun=225/109
timer_delete=226/111 timerfd_create=283/85 timerfd_settime=286/86 timerfd_gettime=287/87
"""


def _read(table):
    """Return name: (number on x86_64, number on aarch64), None where a machine has no such call."""
    found = {}
    for line in table.splitlines():
        for word in [] if line.startswith("#") else line.split():
            name, _, numbers = word.partition("=")
            first, _, second = numbers.partition("/")
            found[name] = (int(first), None if second == "-" else int(second or first))
    return found


ALLOWED = _read(_TABLE)
