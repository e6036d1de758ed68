#include "tls_server.h"

#include "temp.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct tls_server {
    int listener, stop, port;
    atomic_int connections;
    pthread_t thread;
    SSL_CTX *tls;
    const char *answer;
    char certificate[TEMP_PATH];
};

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *made = X509_new();
    X509_NAME *name = X509_get_subject_name(made);
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Datatake's tests", -1, -1,
                               0);
    X509_set_issuer_name(made, name);
    X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(made, address, -1);
    X509_EXTENSION_free(address);
    X509_sign(made, key, EVP_sha256());
    return made;
}

static void write_certificate(tls_server *server, X509 *certificate)
{
    FILE *file = fdopen(temp_file(server->certificate, "cert"), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
}

/* One request at a time is all that the tests send. */
static void serve_one(tls_server *server, int fd)
{
    char request[8192];
    SSL *tls = SSL_new(server->tls);
    SSL_set_fd(tls, fd);
    if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0) {
        SSL_write(tls, server->answer, (int)strlen(server->answer));
        SSL_shutdown(tls);
    }
    SSL_free(tls);
    close(fd);
}

static void *serve(void *ctx)
{
    tls_server *server = ctx;
    for (;;) {
        struct pollfd fds[2] = { { server->listener, POLLIN, 0 }, { server->stop, POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            continue;
        struct timeval patience = { .tv_sec = 30 };
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        atomic_fetch_add(&server->connections, 1);
        serve_one(server, fd);
    }
}

tls_server *tls_server_start(const char *answer)
{
    tls_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key);
    signal(SIGPIPE, SIG_IGN);
    server->answer = answer;
    server->tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(server->tls, certificate);
    SSL_CTX_use_PrivateKey(server->tls, key);
    write_certificate(server, certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
    server->stop = eventfd(0, EFD_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, 64) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0) {
        perror("tls_server_start");
        abort();
    }
    server->port = ntohs(address.sin_port);
    pthread_create(&server->thread, NULL, serve, server);
    return server;
}

void tls_server_stop(tls_server *server)
{
    eventfd_write(server->stop, 1);
    pthread_join(server->thread, NULL);
    close(server->listener);
    close(server->stop);
    SSL_CTX_free(server->tls);
    unlink(server->certificate);
    free(server);
}

int tls_server_port(const tls_server *server)
{
    return server->port;
}

const char *tls_server_certificate(const tls_server *server)
{
    return server->certificate;
}

int tls_server_connections(tls_server *server)
{
    return atomic_load(&server->connections);
}
