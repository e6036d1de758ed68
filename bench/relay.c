/* A network path with a true round trip: two TUN devices in two namespaces, and between them every packet
 * waits.
 *
 *   relay SERVER_NAMESPACE CLIENT_NAMESPACE ONE_WAY_US MBIT_PER_S
 *
 * Each direction has a clock that says when the wire is free again: a packet takes its bits at the set rate,
 * is dropped when it would wait more than 200 ms for the wire, and arrives ONE_WAY_US after it left. TCP sees
 * a link: handshake, slow start, loss on overflow. Packets pass with their offload headers, as on a network
 * card with segmentation offload, so that the relay itself takes little of the machine; a segment of many
 * frames pays for every frame's headers. Ends with its parent, or by SIGTERM; then prints what it carried.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_NS = 200 * 1000 * 1000, MAX_PACKET = 65536 + 64, BATCH = 64 };
static const char TUN_NAME[] = "dtake0"; /* made in both namespaces by bench/netns */

typedef struct packet {
    struct packet *next;
    int64_t due_ns;
    size_t length;
    unsigned char bytes[];
} packet;

typedef struct direction {
    const char *name;
    int from, to;
    packet *first, **last;
    int64_t wire_free_ns;
    int64_t packets, bytes, dropped;
} direction;

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what, const char *on)
{
    fprintf(stderr, "relay: %s %s: %s\n", what, on, strerror(errno));
    exit(1);
}

/* The descriptor keeps working after the process has moved on to another namespace. */
static int open_tun(const char *network_namespace)
{
    char path[128];
    snprintf(path, sizeof path, "/var/run/netns/%s", network_namespace);
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
        die("enter namespace", network_namespace);
    close(ns);

    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
    strcpy(request.ifr_name, TUN_NAME);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
        die("open TUN device in", network_namespace);
    if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0)
        die("set offloads in", network_namespace);
    return fd;
}

static int64_t wire_bytes(const unsigned char *data, size_t length)
{
    struct virtio_net_hdr header;
    memcpy(&header, data, sizeof header);
    int64_t payload = (int64_t)(length - sizeof header);
    if (header.gso_type == VIRTIO_NET_HDR_GSO_NONE || header.gso_size == 0)
        return payload;
    int64_t frames = (payload - header.hdr_len + header.gso_size - 1) / header.gso_size;
    return payload + (frames - 1) * header.hdr_len;
}

static void take(direction *d, int64_t delay_ns, double ns_per_byte)
{
    static unsigned char data[MAX_PACKET];
    for (int i = 0; i < BATCH; i++) {
        ssize_t length = read(d->from, data, sizeof data);
        if (length <= (ssize_t)sizeof(struct virtio_net_hdr))
            return;
        int64_t now = now_ns();
        int64_t bytes = wire_bytes(data, (size_t)length);
        if (d->wire_free_ns < now)
            d->wire_free_ns = now;
        if (d->wire_free_ns - now > QUEUE_NS) {
            d->dropped++;
            continue;
        }
        packet *p = malloc(sizeof *p + (size_t)length);
        if (!p)
            die("hold a packet", d->name);
        d->wire_free_ns += (int64_t)((double)bytes * ns_per_byte);
        *p = (packet){ .due_ns = d->wire_free_ns + delay_ns, .length = (size_t)length };
        memcpy(p->bytes, data, (size_t)length);
        *d->last = p;
        d->last = &p->next;
        d->packets++;
        d->bytes += bytes;
    }
}

static void drop_first(direction *d)
{
    packet *p = d->first;
    d->first = p->next;
    if (!d->first)
        d->last = &d->first;
    free(p);
}

static void deliver(direction *d, int64_t now)
{
    while (d->first && d->first->due_ns <= now) {
        if (write(d->to, d->first->bytes, d->first->length) < 0 && errno != EINVAL && errno != EIO)
            d->dropped++;
        drop_first(d);
    }
}

static void relay(direction *d, int64_t delay_ns, double ns_per_byte)
{
    while (!stopped) {
        int64_t due = INT64_MAX;
        for (int i = 0; i < 2; i++)
            if (d[i].first && d[i].first->due_ns < due)
                due = d[i].first->due_ns;
        int64_t wait = due == INT64_MAX ? 1000000000 : due - now_ns();
        if (wait < 0)
            wait = 0;
        struct timespec timeout = { wait / 1000000000, wait % 1000000000 };
        struct pollfd fds[2] = { { d[0].from, POLLIN, 0 }, { d[1].from, POLLIN, 0 } };
        if (ppoll(fds, 2, &timeout, NULL) < 0 && errno != EINTR)
            die("wait for", "packets");
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents & POLLIN)
                take(&d[i], delay_ns, ns_per_byte);
            deliver(&d[i], now_ns());
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: relay SERVER_NAMESPACE CLIENT_NAMESPACE ONE_WAY_US MBIT_PER_S\n");
        return 2;
    }
    int64_t delay_ns = strtoll(argv[3], NULL, 10) * 1000;
    double ns_per_byte = 8000.0 / strtod(argv[4], NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGTERM, on_signal);
    signal(SIGINT, SIG_IGN); /* of a terminal: bench/netns ends it, after the command */
    signal(SIGHUP, SIG_IGN);

    int server = open_tun(argv[1]), client = open_tun(argv[2]);
    direction d[2] = { { .name = "down", .from = server, .to = client },
                       { .name = "up", .from = client, .to = server } };
    for (int i = 0; i < 2; i++)
        d[i].last = &d[i].first;
    puts("ready");
    fflush(stdout);
    relay(d, delay_ns, ns_per_byte);
    for (int i = 0; i < 2; i++) {
        while (d[i].first)
            drop_first(&d[i]);
        printf("%s %lld packets %lld bytes %lld dropped\n", d[i].name, (long long)d[i].packets,
               (long long)d[i].bytes, (long long)d[i].dropped);
    }
    return 0;
}
