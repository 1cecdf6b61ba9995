/** The system calls that code in the sandbox may make; whatever is not here fails. Numbers: asm/unistd_64.h, asm-generic/unistd.h. */

export type Machine = 'x64' | 'arm64';

/** name:number on x64:number on arm64, "-" where that machine has no such call. */
const table = [
  // files that are open
  'read:0:63 write:1:64 close:3:57 fstat:5:80 lseek:8:62 pread64:17:67 pwrite64:18:68 readv:19:65 writev:20:66',
  'preadv:295:69 pwritev:296:70 dup:32:23 dup2:33:- dup3:292:24 fcntl:72:25 flock:73:32 fsync:74:82',
  'fdatasync:75:83 truncate:76:45 ftruncate:77:46 sendfile:40:71 splice:275:76 tee:276:77',
  'copy_file_range:326:285 close_range:436:436 fadvise64:221:223 fallocate:285:47 sync_file_range:277:84',
  'pipe:22:- pipe2:293:59 eventfd:284:- eventfd2:290:19 poll:7:- ppoll:271:73 select:23:- pselect6:270:72',
  'epoll_create:213:- epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22',
  'inotify_init:253:- inotify_init1:294:26 inotify_add_watch:254:27 inotify_rm_watch:255:28',
  // names of files
  'open:2:- openat:257:56 stat:4:- lstat:6:- newfstatat:262:79 statx:332:291 access:21:- faccessat:269:48',
  'faccessat2:439:439 statfs:137:43 fstatfs:138:44 getcwd:79:17 chdir:80:49 fchdir:81:50 mkdir:83:-',
  'mkdirat:258:34 rmdir:84:- creat:85:- link:86:- linkat:265:37 unlink:87:- unlinkat:263:35 symlink:88:-',
  'symlinkat:266:36 readlink:89:- readlinkat:267:78 rename:82:- renameat:264:38 renameat2:316:276 chmod:90:-',
  'fchmod:91:52 fchmodat:268:53 umask:95:166 utime:132:- utimes:235:- utimensat:280:88 futimesat:261:-',
  'getdents:78:- getdents64:217:61',
  // memory
  'mmap:9:222 mprotect:10:226 munmap:11:215 brk:12:214 mremap:25:216 msync:26:227 mincore:27:232',
  'madvise:28:233 membarrier:324:283',
  // signals and waiting
  'rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136 rt_sigtimedwait:128:137',
  'rt_sigsuspend:130:133 rt_sigqueueinfo:129:138 sigaltstack:131:132 signalfd:282:- signalfd4:289:74',
  'kill:62:129 tkill:200:130 tgkill:234:131 pause:34:- alarm:37:- restart_syscall:219:128 futex:202:98',
  'set_robust_list:273:99 get_robust_list:274:100 rseq:334:293',
  // clocks
  'nanosleep:35:101 clock_nanosleep:230:115 clock_gettime:228:113 clock_getres:229:114 gettimeofday:96:169',
  'time:201:- times:100:153 getitimer:36:102 setitimer:38:103 timer_create:222:107 timer_settime:223:110',
  'timer_gettime:224:108 timer_getoverrun:225:109 timer_delete:226:111 timerfd_create:283:85',
  'timerfd_settime:286:86 timerfd_gettime:287:87',
  // the process itself
  'execve:59:221 exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95 getpid:39:172 getppid:110:173',
  'gettid:186:178 getuid:102:174 getgid:104:176 geteuid:107:175 getegid:108:177 getresuid:118:148',
  'getresgid:120:150 getgroups:115:158 getpgid:121:155 getpgrp:111:- setpgid:109:154 getsid:124:156 setsid:112:157',
  'capget:125:90 uname:63:160 sysinfo:99:179 getrlimit:97:163 getrusage:98:165 prlimit64:302:261',
  'getpriority:140:141 setpriority:141:140 sched_yield:24:124 sched_getaffinity:204:123 sched_getparam:143:121',
  'sched_setscheduler:144:119 sched_getscheduler:145:120 sched_get_priority_max:146:125 sched_get_priority_min:147:126',
  'set_tid_address:218:96 arch_prctl:158:- getcpu:309:168 getrandom:318:278',
  // pairs of local sockets, as event loops make them
  'socketpair:53:199 sendto:44:206 recvfrom:45:207 sendmsg:46:211 recvmsg:47:212 shutdown:48:210',
  'getsockname:51:204 getpeername:52:205 getsockopt:55:209 setsockopt:54:208',
];

/** Looked at argument by argument in seccomp.ts. */
export const judgedCalls = {
  clone: { x64: 56, arm64: 220 },
  clone3: { x64: 435, arm64: 435 },
  fork: { x64: 57, arm64: null },
  vfork: { x64: 58, arm64: null },
  prctl: { x64: 157, arm64: 167 },
  ioctl: { x64: 16, arm64: 29 },
} as const;

/** Every call of the table with its number, null where the machine has no such call. */
export function namedCalls(machine: Machine): [name: string, number: number | null][] {
  const column = machine === 'x64' ? 1 : 2;
  return table
    .flatMap((line) => line.split(' '))
    .map((entry) => {
      const parts = entry.split(':');
      return [parts[0] ?? '', parts[column] === '-' ? null : Number(parts[column])];
    });
}

/** Numbers of the calls that are allowed whatever their arguments, ascending. */
export function allowedCalls(machine: Machine): number[] {
  return namedCalls(machine)
    .flatMap(([, number]) => number ?? [])
    .sort((a, b) => a - b);
}
