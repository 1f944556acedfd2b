#include "daemon/rules/actions/actions.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/body.h"

enum { PDF_LOOKS_MOST = 9 }; /* with pauses of 1, 2, 4 … s: about eight minutes */

static const struct action_key keys[] = {
    {"template", KEY_TEMPLATE, .required = true},
    {"values.", KEY_ANY},
    {"pdf", KEY_TEXT},
};

static bool is_switch(const char *text, bool *ret)
{
    static const char *const words[] = {"no", "yes", "N", "Y"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0)
            return *ret = i % 2 == 1, true;
    return false;
}

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    const struct step_key *pdf = step_key_find(step, "pdf");
    bool wanted;
    if (kind != NULL && !kind->universal)
        (void)diag_add(diag, step->at, "a %s cannot have a document; records of the CRM can",
                       kind->word);
    if (pdf != NULL && template_is_plain(pdf->value) &&
        !is_switch(template_text(pdf->value), &wanted))
        (void)diag_add(diag, pdf->value_at, "pdf is yes or no, not \"%s\"",
                       template_text(pdf->value));
}

/* ---- which template -------------------------------------------------------------------------- */

static enum planned template_of(struct plan *p, int type, int64_t *ret)
{
    char *text = NULL;
    enum planned planned = plan_filled(p, "template", PLAN_TITLE_LETTERS, &text);
    if (planned == PLAN_READY)
        planned = plan_known(p, scope_template(p->scope, type, text, ret), "template");
    mem_free(text);
    return planned;
}

static enum planned pdf_wanted(struct plan *p, bool *ret)
{
    char *text = NULL;
    enum planned planned = plan_optional(p, "pdf", PLAN_TITLE_LETTERS, &text);
    *ret = false;
    if (planned == PLAN_READY && text != NULL && !is_switch(text, ret))
        planned = plan_bad(p, "pdf is yes or no, not \"%s\"", text);
    mem_free(text);
    return planned;
}

/* ---- the document ---------------------------------------------------------------------------- */

/* {{LABEL.id}}, .number, .title, .url, .pdf. What downloads without a login (downloadUrlMachine)
 * carries a key and gets nowhere. */
static json_t *result_new(const json_t *document)
{
    static const char *const members[][2] = {
        {"number", "number"}, {"title", "title"}, {"url", "downloadUrl"}, {"pdf", "pdfUrl"}};
    json_t *result = plan_id_of_new(document);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *text = jv_text(document, members[i][1], "");
        (void)json_object_set_new(result, members[i][0],
                                  text[0] != '\0' ? jv_string_new(text) : json_null());
    }
    return result;
}

/* The PDF is made after the document (bitrix24.md §8.6): asked for until it is there. */
static enum planned await_pdf(struct plan *p, const json_t *document)
{
    int64_t n = 1 + p->run->attempt;
    if (jv_text(document, "pdfUrl", "")[0] != '\0') {
        p->result = result_new(document);
        return PLAN_READY;
    }
    (void)plan_rest(p, n, "crm.documentgenerator.document.get",
                    json_pack("{s:I}", "id", (json_int_t)jv_int(document, "id", 0)));
    if (plan_answer(p, n) == NULL)
        return PLAN_READY;
    const json_t *now = jv_at(plan_result(p, n), "document");
    if (jv_text(now, "pdfUrl", "")[0] != '\0' || plan_result(p, n) == NULL) {
        p->result = now != NULL ? result_new(now) : NULL;
        return PLAN_READY;
    }
    if (p->run->attempt >= PDF_LOOKS_MOST)
        return plan_bad(p, "document %lld has no PDF yet, %d looks were in vain",
                        (long long)jv_int(document, "id", 0), PDF_LOOKS_MOST + 1);
    (void)snprintf(p->note, sizeof p->note, "the PDF is being made");
    return PLAN_LATER;
}

static enum planned plan(struct plan *p)
{
    const struct entity *own = NULL;
    int64_t template = 0;
    bool pdf = false;
    JV_AUTO *values = NULL;
    enum planned planned = plan_own(p, &own);
    if (planned != PLAN_READY)
        return planned;
    if (own->type <= ENTITY_NONE)
        return plan_bad(p, "the entity cannot have a document");
    enum planned parts[] = {
        template_of(p, own->type, &template),
        body_dotted(p, "values.", &values),
        pdf_wanted(p, &pdf),
    };
    planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned != PLAN_READY)
        return planned;
    JV_AUTO *id = json_string(own->id);
    json_t *params =
        json_pack("{s:I, s:i, s:I}", "templateId", (json_int_t) template, "entityTypeId", own->type,
                  "entityId", (json_int_t)jv_int(id, "", 0));
    if (json_object_size(values) > 0)
        (void)json_object_set(params, "values", values);
    (void)plan_rest(p, 0, "crm.documentgenerator.document.add", params);
    const json_t *document = jv_at(plan_result(p, 0), "document");
    if (!json_is_object(document))
        return PLAN_READY;
    if (pdf)
        return await_pdf(p, document);
    p->result = result_new(document);
    return PLAN_READY;
}

const struct action action_document = {
    .name = "document",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
