#include "common/percent.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"

static void assert_encoded(const char *text, size_t size, const char *wanted)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    percent_encode(&b, text, size);
    ck_assert_str_eq(b.data, wanted);
}

START_TEST(unreserved_letters_stay_and_the_rest_is_encoded)
{
    static const char plain[] = "AZaz09-_.~";
    assert_encoded(plain, sizeof plain - 1, plain);
    assert_encoded("a b+c", 5, "a%20b%2Bc");
    assert_encoded("$result[0]#&=", 13, "%24result%5B0%5D%23%26%3D");
    assert_encoded("Ж", 2, "%D0%96");
    assert_encoded("\0\r\n\xff", 4, "%00%0D%0A%FF");
    assert_encoded("", 0, "");
}
END_TEST

static void assert_decoded(const char *text, const char *wanted)
{
    struct err err = {0};
    char copy[100];
    size_t size = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    ck_assert_msg(percent_decode(copy, strlen(copy), &size, &err), "%s", err.text);
    ck_assert_uint_eq(size, strlen(wanted));
    ck_assert_mem_eq(copy, wanted, size);
}

START_TEST(a_form_is_decoded_as_php_does)
{
    assert_decoded("Call+canceled", "Call canceled");
    assert_decoded("%2B499061234567", "+499061234567");
    assert_decoded("data%5BFIELDS%5d", "data[FIELDS]");
    assert_decoded("%d0%96%D0%B6", "Жж");
    assert_decoded("%2541", "%41");
    assert_decoded("", "");
}
END_TEST

static void assert_refused(const char *text, size_t size, const char *wanted)
{
    struct err err = {0};
    char copy[100];
    size_t decoded;
    memcpy(copy, text, size);
    ck_assert(!percent_decode(copy, size, &decoded, &err));
    ck_assert_str_eq(err.text, wanted);
}

START_TEST(a_broken_code_is_shown)
{
    assert_refused("ab%zz", 5, "bad percent-encoding \"%zz\"");
    assert_refused("ab%4", 4, "bad percent-encoding \"%4\"");
    assert_refused("ab%", 3, "bad percent-encoding \"%\"");
    assert_refused("%4g", 3, "bad percent-encoding \"%4g\"");
    assert_refused("%\x1b[", 3, "bad percent-encoding \"%?[\"");
    assert_refused("% 1", 3, "bad percent-encoding \"%?1\"");
    assert_refused("%+1", 3, "bad percent-encoding \"%+1\"");
}
END_TEST

START_TEST(a_nul_is_refused_in_both_dresses)
{
    assert_refused("a%00b", 5, "a NUL character is not allowed");
    assert_refused("a\0b", 3, "a NUL character is not allowed");
}
END_TEST

START_TEST(every_byte_but_nul_survives_the_way_there_and_back)
{
    struct err err = {0};
    struct buf b BUF_AUTO;
    char bytes[255];
    size_t size = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i + 1);
    buf_init(&b, 1000);
    percent_encode(&b, bytes, sizeof bytes);
    ck_assert(percent_decode(b.data, b.size, &size, &err));
    ck_assert_uint_eq(size, sizeof bytes);
    ck_assert_mem_eq(b.data, bytes, size);
}
END_TEST

CHECK_MAIN("common/percent", unreserved_letters_stay_and_the_rest_is_encoded,
           a_form_is_decoded_as_php_does, a_broken_code_is_shown, a_nul_is_refused_in_both_dresses,
           every_byte_but_nul_survives_the_way_there_and_back)
