#include "common/secret.h"

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static struct temp temp;

/* Writes, reads, and expects that text. */
static void assert_read(mode_t mode, const char *bytes, const char *wanted)
{
    struct err err = {0};
    char *secret = secret_read(temp_write(&temp, "s", mode, bytes, strlen(bytes)), &err);
    ck_assert_msg(secret != NULL, "%s", err.text);
    ck_assert_str_eq(secret, wanted);
    secret_free(secret);
}

static void assert_refused(const char *path, const char *wanted_format)
{
    struct err err = {0};
    char wanted[400];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(wanted, sizeof wanted, wanted_format, path);
#pragma GCC diagnostic pop
    ck_assert_ptr_null(secret_read(path, &err));
    ck_assert_str_eq(err.text, wanted);
}

START_TEST(one_line_is_read_without_its_end)
{
    temp = temp_make();
    assert_read(0600, "s3cret", "s3cret");
    assert_read(0600, "s3cret\n", "s3cret");
    assert_read(0400, "s3cret \t\r\n\n", "s3cret");
    assert_read(0600, "two words", "two words");
    temp_remove(&temp);
}
END_TEST

START_TEST(a_file_open_to_others_is_refused)
{
    static const char format[] =
        "secret file \"%s\" has mode 0644, open to everybody; chmod 600 it";
    temp = temp_make();
    assert_refused(temp_write(&temp, "s", 0644, "s3cret", 6), format);
    assert_refused(temp_write(&temp, "s", 0601, "s3cret", 6),
                   "secret file \"%s\" has mode 0601, open to everybody; chmod 600 it");
    assert_refused(temp_write(&temp, "s", 0602, "s3cret", 6),
                   "secret file \"%s\" has mode 0602, open to everybody; chmod 600 it");
    temp_remove(&temp);
}
END_TEST

START_TEST(the_own_group_may_read)
{
    temp = temp_make();
    assert_read(0640, "s3cret\n", "s3cret");
    temp_remove(&temp);
}
END_TEST

/* Needs the right to give a file to a group: root, as in the build container. */
START_TEST(a_strange_group_may_not_read_except_systemds_credentials)
{
    enum { STRANGE_GROUP = 54321 };
    temp = temp_make();
    const char *path = temp_write(&temp, "s", 0640, "s3cret\n", 7);
    if (chown(path, (uid_t)-1, STRANGE_GROUP) == 0) {
        ck_assert_int_eq(chmod(path, 0640), 0);
        assert_refused(path, "secret file \"%s\" has mode 0640, open to group 54321; chmod 600 it");
        struct err err = {0};
        ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", temp.folder, 1), 0);
        char *secret = secret_read(path, &err);
        ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
        ck_assert_msg(secret != NULL, "%s", err.text);
        secret_free(secret);
        ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", "/usr", 1), 0);
        assert_refused(path, "secret file \"%s\" has mode 0640, open to group 54321; chmod 600 it");
        ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    }
    temp_remove(&temp);
}
END_TEST

START_TEST(what_is_no_secret_is_refused_without_showing_it)
{
    char much[5000];
    memset(much, 'x', sizeof much);
    temp = temp_make();
    assert_refused(temp_path(&temp, "none"),
                   "cannot read secret file \"%s\": No such file or directory");
    assert_refused(temp.folder, "secret file \"%s\" is not a regular file");
    assert_refused(temp_write(&temp, "s", 0600, "", 0), "secret file \"%s\" is empty");
    assert_refused(temp_write(&temp, "s", 0600, "\n \n", 3), "secret file \"%s\" is empty");
    assert_refused(temp_write(&temp, "s", 0600, "one\ntwo\n", 8),
                   "secret file \"%s\" has several lines, one is wanted");
    assert_refused(temp_write(&temp, "s", 0600, "one\x1btwo", 7),
                   "secret file \"%s\" holds a control character");
    assert_refused(temp_write(&temp, "s", 0600, "one\0two", 7),
                   "secret file \"%s\" holds a control character");
    assert_refused(temp_write(&temp, "s", 0600, much, 4097),
                   "secret file \"%s\" is longer than 4096 bytes");
    struct err err = {0};
    char *secret = secret_read(temp_write(&temp, "s", 0600, much, 4096), &err);
    ck_assert_uint_eq(strlen(secret), 4096);
    secret_free(secret);
    temp_remove(&temp);
}
END_TEST

START_TEST(a_pipe_in_its_place_does_not_hold_us_up)
{
    temp = temp_make();
    ck_assert_int_eq(mkfifo(temp_path(&temp, "s"), 0600), 0);
    assert_refused(temp.path, "secret file \"%s\" is not a regular file");
    temp_remove(&temp);
}
END_TEST

START_TEST(only_the_very_same_secret_is_the_same)
{
    ck_assert(secret_same("51856fef", "51856fef"));
    ck_assert(!secret_same("51856fef", "51856fee"));
    ck_assert(!secret_same("51856fef", "x1856fef"));
    ck_assert(!secret_same("51856fef", "51856fe"));
    ck_assert(!secret_same("51856fe", "51856fef"));
    ck_assert(!secret_same("a", "aa"));
    ck_assert(!secret_same("aa", "a"));
    ck_assert(!secret_same("ab", "abab"));
}
END_TEST

START_TEST(nothing_equals_nothing_never)
{
    ck_assert(!secret_same(NULL, NULL));
    ck_assert(!secret_same("", ""));
    ck_assert(!secret_same("a", NULL));
    ck_assert(!secret_same(NULL, "a"));
    ck_assert(!secret_same("a", ""));
    ck_assert(!secret_same("", "a"));
    secret_free(NULL);
}
END_TEST

CHECK_MAIN("common/secret", one_line_is_read_without_its_end, a_file_open_to_others_is_refused,
           the_own_group_may_read, a_strange_group_may_not_read_except_systemds_credentials,
           what_is_no_secret_is_refused_without_showing_it, a_pipe_in_its_place_does_not_hold_us_up,
           only_the_very_same_secret_is_the_same, nothing_equals_nothing_never)
