#include "io/failure.h"

#include <curl/curl.h>

dtake__failure dtake__failure_of_http(int http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return DTAKE__SIGN_AGAIN;
    case 408:
    case 425: /* Too Early */
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return DTAKE__AGAIN_LATER;
    case 412:
        return DTAKE__START_AGAIN;
    default:
        return DTAKE__GIVE_UP;
    }
}

dtake_status dtake__status_of_http(int http_status)
{
    switch (http_status) {
    case 401:
    case 403:
    case 407:
        return DTAKE_E_AUTH;
    case 404:
    case 410:
        return DTAKE_E_NOT_FOUND;
    case 408:
    case 504:
        return DTAKE_E_TIMEOUT;
    case 412:
        return DTAKE_E_CHANGED;
    case 416:
        return DTAKE_E_RANGE;
    default:
        return DTAKE_E_REMOTE;
    }
}

dtake__failure dtake__failure_of_curl(int curl_code, bool reused_connection, bool got_bytes)
{
    switch ((CURLcode)curl_code) {
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return reused_connection && !got_bytes ? DTAKE__AGAIN_NOW : DTAKE__AGAIN_LATER;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_SSL_CONNECT_ERROR: /* also what a reset during the handshake is called */
    case CURLE_NO_CONNECTION_AVAILABLE:
        return DTAKE__AGAIN_LATER;
    default:
        return DTAKE__GIVE_UP;
    }
}

dtake_status dtake__status_of_curl(int curl_code)
{
    switch ((CURLcode)curl_code) {
    case CURLE_OUT_OF_MEMORY:
        return DTAKE_E_NOMEM;
    case CURLE_OPERATION_TIMEDOUT:
        return DTAKE_E_TIMEOUT;
    case CURLE_URL_MALFORMAT:
        return DTAKE_E_USAGE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* schemes are looked at before: here it is HTTP/0.9 */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return DTAKE_E_REMOTE;
    default:
        return DTAKE_E_NETWORK;
    }
}
