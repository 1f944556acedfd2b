#include "daemon/portal/address.h"

#include "tests/support/check_main.h"

#define HOME "https://firm.bitrix24.ru"

START_TEST(a_redirect_is_followed_within_the_family_only)
{
    static const struct {
        const char *home, *location, *refusal; /* NULL: followed */
    } samples[] = {
        {HOME, "https://new.bitrix24.ru/rest/1/x/profile", NULL},
        {HOME, "https://NEW.Bitrix24.RU/", NULL},
        {HOME, "https://firm.bitrix24.ru:8443/", NULL},
        {"https://b24-x1.bitrix24.com.br", "https://firm.bitrix24.com.br/", NULL},
        {"https://crm.firm.ru:8443", "https://b24.firm.ru/", NULL},
        {"https://10.1.2.3", "https://10.1.2.3:444/", NULL},
        {"http://127.0.0.1:8080", "http://127.0.0.1:9090/", NULL},
        {"http://localhost:8080", "http://[::1]:9090/", NULL},
        {HOME, "http://new.bitrix24.ru/",
         "the portal redirects to \"http://new.bitrix24.ru\", which is not https"},
        {HOME, "http://127.0.0.1/",
         "the portal redirects to \"http://127.0.0.1\", which is not https"},
        {"http://127.0.0.1:8080", "http://new.bitrix24.ru/",
         "the portal redirects to \"http://new.bitrix24.ru\", which is not https"},
        {HOME, "https://127.0.0.1/",
         "the portal redirects to \"https://127.0.0.1\", which is not of its domain"},
        {HOME, "https://evil.ru/",
         "the portal redirects to \"https://evil.ru\", which is not of its domain"},
        {HOME, "https://firm.bitrix24.ru.evil.ru/",
         "the portal redirects to \"https://firm.bitrix24.ru.evil.ru\", which is not of its "
         "domain"},
        {HOME, "https://evilbitrix24.ru/",
         "the portal redirects to \"https://evilbitrix24.ru\", which is not of its domain"},
        {HOME, "https://a.b.bitrix24.ru/",
         "the portal redirects to \"https://a.b.bitrix24.ru\", which is not of its domain"},
        {HOME, "https://firm.bitrix24.com/",
         "the portal redirects to \"https://firm.bitrix24.com\", which is not of its domain"},
        /* Strangers register there. */
        {"https://firm.ru", "https://evil.ru/",
         "the portal redirects to \"https://evil.ru\", which is not of its domain"},
        {"https://firm.com.br", "https://evil.com.br/",
         "the portal redirects to \"https://evil.com.br\", which is not of its domain"},
        {"https://portal", "https://other/",
         "the portal redirects to \"https://other\", which is not of its domain"},
        {"https://10.1.2.3", "https://11.1.2.3/",
         "the portal redirects to \"https://11.1.2.3\", which is not of its domain"},
        {HOME, "https://user@new.bitrix24.ru/",
         "the portal redirects to an address that cannot be read"},
        {HOME, "//new.bitrix24.ru/", "the portal redirects to an address that cannot be read"},
        {HOME, "ftp://new.bitrix24.ru/", "the portal redirects to an address that cannot be read"},
        {HOME, "", "the portal redirects to an address that cannot be read"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct err err = {0};
        bool follows = address_may_follow(samples[i].home, samples[i].location, &err);
        ck_assert_msg(follows == (samples[i].refusal == NULL), "%s to %s: %s", samples[i].home,
                      samples[i].location, err.text);
        if (!follows)
            ck_assert_str_eq(err.text, samples[i].refusal);
    }
}
END_TEST

START_TEST(the_authority_is_scheme_host_and_port)
{
    ck_assert_uint_eq(address_authority("https://a.ru:8443/rest"), strlen("https://a.ru:8443"));
    ck_assert_uint_eq(address_authority("https://a.ru?x"), strlen("https://a.ru"));
    ck_assert_uint_eq(address_authority("https:///rest"), 0);
    ck_assert_uint_eq(address_authority("a.ru/rest"), 0);
}
END_TEST

START_TEST(loopback_has_three_forms)
{
    ck_assert(address_is_loopback("http://localhost:1/"));
    ck_assert(address_is_loopback("http://127.1.2.3/"));
    ck_assert(address_is_loopback("http://[::1]:1/"));
    ck_assert(!address_is_loopback("http://127.0.0.1.evil.ru/"));
    ck_assert(!address_is_loopback("http://localhost.evil.ru/"));
    ck_assert(!address_is_loopback("http://[::2]/"));
}
END_TEST

CHECK_MAIN("address", a_redirect_is_followed_within_the_family_only,
           the_authority_is_scheme_host_and_port, loopback_has_three_forms)
