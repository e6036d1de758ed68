#include "server/tls.h"

#include "core/alloc.h"
#include "core/error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

struct dtake__tls {
    SSL *ssl;
    BIO *in, *out; /* the ssl's */
};

static const unsigned char protocols[] = "\x02h2\x08http/1.1";

/* What comes first here counts, as long as the client has it; without any common one there is no ALPN. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                  unsigned int in_len, void *ctx)
{
    unsigned char *chosen;
    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_len, protocols, sizeof protocols - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static dtake_status fail(SSL_CTX *ctx, const char *what, const char *path, dtake_error *err)
{
    char text[200] = "no reason given";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    SSL_CTX_free(ctx);
    return dtake__fail(err, DTAKE_E_LOCAL_IO, "read the %s %s: %s", what, path, text);
}

dtake_status dtake__tls_identity_open(dtake__tls_identity **out, const char *cert, const char *key,
                                      dtake_error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL)
        return dtake__fail_nomem(err, "TLS");
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    /* Of TLS 1.2 what HTTP/2 allows (RFC 9113, 9.2.2). */
    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(ctx,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ctx, choose, NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        return fail(ctx, "certificate", cert, err);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return fail(ctx, "key", key, err);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return fail(ctx, "key, which is not the certificate's,", key, err);
    *out = (dtake__tls_identity *)ctx;
    return DTAKE_OK;
}

void dtake__tls_identity_close(dtake__tls_identity *identity)
{
    SSL_CTX_free((SSL_CTX *)identity);
}

dtake__tls *dtake__tls_new(dtake__tls_identity *identity)
{
    dtake__tls *tls = dtake__calloc(1, sizeof *tls);
    if (tls == NULL)
        return NULL;
    tls->ssl = SSL_new((SSL_CTX *)identity);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        SSL_free(tls->ssl);
        dtake__free(tls);
        return NULL;
    }
    BIO_set_mem_eof_return(tls->in, -1); /* "not yet" rather than the end */
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void dtake__tls_free(dtake__tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    dtake__free(tls);
}

bool dtake__tls_put(dtake__tls *tls, const void *bytes, size_t len)
{
    return BIO_write(tls->in, bytes, (int)len) == (int)len;
}

ssize_t dtake__tls_take(dtake__tls *tls, void *out, size_t room)
{
    ERR_clear_error();
    int n = SSL_read(tls->ssl, out, (int)room);
    if (n > 0)
        return n;
    int error = SSL_get_error(tls->ssl, n);
    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ     ? 0
           : error == SSL_ERROR_ZERO_RETURN ? DTAKE__TLS_ENDED
                                            : DTAKE__TLS_BROKEN;
}

bool dtake__tls_is_ready(const dtake__tls *tls)
{
    return SSL_is_init_finished(tls->ssl);
}

bool dtake__tls_speaks_h2(const dtake__tls *tls)
{
    const unsigned char *name = NULL;
    unsigned int len = 0;
    SSL_get0_alpn_selected(tls->ssl, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

bool dtake__tls_write(dtake__tls *tls, const void *bytes, size_t len)
{
    ERR_clear_error();
    bool written = len == 0 || SSL_write(tls->ssl, bytes, (int)len) == (int)len;
    ERR_clear_error();
    return written;
}

void dtake__tls_end(dtake__tls *tls)
{
    ERR_clear_error();
    if (SSL_is_init_finished(tls->ssl))
        SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

size_t dtake__tls_waiting(const dtake__tls *tls)
{
    return BIO_ctrl_pending(tls->out);
}

void dtake__tls_drain(dtake__tls *tls, void *out, size_t len)
{
    BIO_read(tls->out, out, (int)len);
}
