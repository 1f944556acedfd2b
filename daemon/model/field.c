#include "daemon/model/field.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "daemon/model/entity.h"

/* Which kinds have the field. */
enum {
    LEAD = 1 << 0,
    DEAL = 1 << 1,
    CONTACT = 1 << 2,
    COMPANY = 1 << 3,
    QUOTE = 1 << 4,
    INVOICE = 1 << 5,
    ITEM = 1 << 6,
    TASK = 1 << 7,
    ACTIVITY = 1 << 8,
    CALL = 1 << 9,
    COMMENT = 1 << 10,
    USER = 1 << 11,

    CRM = LEAD | DEAL | CONTACT | COMPANY | QUOTE | INVOICE | ITEM,
    SMART = INVOICE | ITEM,
    SALES = LEAD | DEAL | QUOTE | INVOICE | ITEM, /* have a stage and a sum */
    PEOPLE = LEAD | CONTACT | COMPANY,            /* have phones */
};

static const struct {
    int type, bit;
} bits[] = {
    {ENTITY_LEAD, LEAD},       {ENTITY_DEAL, DEAL},       {ENTITY_CONTACT, CONTACT},
    {ENTITY_COMPANY, COMPANY}, {ENTITY_QUOTE, QUOTE},     {ENTITY_INVOICE, INVOICE},
    {ENTITY_ITEM, ITEM},       {ENTITY_TASK, TASK},       {ENTITY_ACTIVITY, ACTIVITY},
    {ENTITY_CALL, CALL},       {ENTITY_COMMENT, COMMENT}, {ENTITY_USER, USER},
};

struct row {
    struct field field;
    int kinds;
    const char *classic; /* UPPER name where it is not the name's own letters; NULL */
};

#define SHORT(word, name, leads, kinds, classic)                                                   \
    {                                                                                              \
        {word, name, leads}, kinds, classic                                                        \
    }
#define PLAIN(name, kinds)                                                                         \
    {                                                                                              \
        {name, name, FIELD_PLAIN}, kinds, NULL                                                     \
    }
#define LEADS(name, leads, kinds, classic)                                                         \
    {                                                                                              \
        {name, name, leads}, kinds, classic                                                        \
    }

/* Sources: api-reference/crm/universal/object-fields.md (as are the kinds), tasks/fields.md,
 * crm-activity-fields.md, voximplant-statistic-get.md, user-get.md; bitrix24.md §8.2, §8.5, §8.7,
 * §8.10, §8.12. Where two rows share a name the one with a short word comes first. */
static const struct row rows[] = {
    /* the short names of product.md §2.2 */
    SHORT("assigned", "assignedById", FIELD_TO_USER, CRM, NULL),
    SHORT("stage", "stageId", FIELD_STAGE, LEAD | QUOTE, "STATUS_ID"),
    SHORT("stage", "stageId", FIELD_STAGE, DEAL | SMART, NULL),
    SHORT("funnel", "categoryId", FIELD_FUNNEL, DEAL | SMART, NULL),
    SHORT("created", "createdTime", FIELD_PLAIN, CRM, "DATE_CREATE"),
    SHORT("updated", "updatedTime", FIELD_PLAIN, CRM, "DATE_MODIFY"),
    SHORT("contact", "contactId", FIELD_TO_CONTACT, SALES, NULL),
    SHORT("contacts", "contactIds", FIELD_TO_CONTACTS, SALES | COMPANY, NULL),
    SHORT("company", "companyId", FIELD_TO_COMPANY, SALES | CONTACT, NULL),
    SHORT("source", "sourceId", FIELD_PLAIN, LEAD | DEAL | CONTACT | SMART, NULL),
    SHORT("phone", "fm", FIELD_PHONE, PEOPLE, NULL),
    SHORT("email", "fm", FIELD_EMAIL, PEOPLE, NULL),
    SHORT("phones", "fm", FIELD_PHONES, PEOPLE, NULL),
    SHORT("emails", "fm", FIELD_EMAILS, PEOPLE, NULL),
    /* all CRM objects */
    PLAIN("id", CRM),
    PLAIN("entityTypeId", CRM),
    LEADS("createdBy", FIELD_TO_USER, CRM, "CREATED_BY_ID"),
    LEADS("updatedBy", FIELD_TO_USER, CRM, "MODIFY_BY_ID"),
    PLAIN("lastActivityTime", CRM),
    LEADS("lastActivityBy", FIELD_TO_USER, CRM, NULL),
    PLAIN("opened", CRM),
    PLAIN("utmCampaign", CRM),
    PLAIN("utmContent", CRM),
    PLAIN("utmMedium", CRM),
    PLAIN("utmSource", CRM),
    PLAIN("utmTerm", CRM),
    PLAIN("webformId", CRM),
    PLAIN("title", CRM & ~CONTACT),
    PLAIN("comments", CRM & ~ITEM),
    PLAIN("sourceDescription", LEAD | DEAL | CONTACT | SMART),
    PLAIN("originatorId", LEAD | DEAL | CONTACT | COMPANY),
    PLAIN("originId", LEAD | DEAL | CONTACT | COMPANY),
    PLAIN("originVersion", CONTACT | COMPANY),
    PLAIN("searchContent", LEAD | DEAL | CONTACT | COMPANY | QUOTE),
    LEADS("observers", FIELD_PLAIN, CRM & ~QUOTE, NULL), /* a list of user ids */
    /* what is sold, and how far it has come */
    PLAIN("stageSemanticId", LEAD | DEAL),
    PLAIN("previousStageId", DEAL | SMART),
    LEADS("movedBy", FIELD_TO_USER, LEAD | DEAL | SMART, "MOVED_BY_ID"),
    PLAIN("movedTime", LEAD | DEAL | SMART),
    PLAIN("opportunity", SALES),
    PLAIN("isManualOpportunity", SALES),
    PLAIN("currencyId", SALES | COMPANY),
    PLAIN("taxValue", SALES & ~LEAD),
    PLAIN("opportunityAccount", ITEM),
    PLAIN("taxValueAccount", ITEM),
    PLAIN("accountCurrencyId", ITEM),
    PLAIN("begindate", SALES & ~LEAD),
    PLAIN("closedate", SALES & ~LEAD),
    PLAIN("begindateShort", DEAL | QUOTE),
    PLAIN("closedateShort", DEAL | QUOTE),
    PLAIN("dateCreateShort", LEAD | DEAL | QUOTE),
    PLAIN("dateModifyShort", LEAD | DEAL | QUOTE),
    PLAIN("closed", DEAL | QUOTE),
    PLAIN("xmlId", SMART),
    LEADS("mycompanyId", FIELD_TO_COMPANY, QUOTE | SMART, NULL),
    PLAIN("accountNumber", INVOICE),
    PLAIN("locationId", DEAL | QUOTE | INVOICE),
    PLAIN("leadId", DEAL | CONTACT | COMPANY | QUOTE),
    PLAIN("dealId", QUOTE),
    PLAIN("quoteId", DEAL),
    PLAIN("productId", LEAD | DEAL),
    PLAIN("hasProducts", DEAL | QUOTE),
    PLAIN("typeId", DEAL | CONTACT | COMPANY),
    PLAIN("isNew", DEAL),
    PLAIN("isRecurring", DEAL),
    PLAIN("isReturnCustomer", LEAD | DEAL),
    PLAIN("isRepeatedApproach", DEAL),
    PLAIN("isWork", DEAL),
    PLAIN("isWon", DEAL),
    PLAIN("isLose", DEAL),
    PLAIN("receivedAmount", DEAL),
    PLAIN("lostAmount", DEAL),
    PLAIN("probability", DEAL),
    PLAIN("eventDate", DEAL),
    PLAIN("eventDateShort", DEAL),
    PLAIN("eventId", DEAL),
    PLAIN("eventDescription", DEAL),
    PLAIN("additionalInfo", DEAL),
    PLAIN("orderStage", DEAL),
    PLAIN("isConvert", LEAD),
    PLAIN("statusDescription", LEAD),
    PLAIN("dateClosed", LEAD),
    PLAIN("companyTitle", LEAD),
    /* people and firms */
    PLAIN("name", LEAD | CONTACT),
    PLAIN("lastName", LEAD | CONTACT),
    PLAIN("secondName", LEAD | CONTACT),
    PLAIN("shortName", LEAD | CONTACT),
    PLAIN("honorific", LEAD | CONTACT),
    PLAIN("birthdate", LEAD | CONTACT),
    PLAIN("post", LEAD | CONTACT),
    PLAIN("photo", CONTACT),
    PLAIN("export", CONTACT),
    PLAIN("login", LEAD | CONTACT),
    PLAIN("address", PEOPLE),
    PLAIN("addressLegal", COMPANY),
    PLAIN("bankingDetails", COMPANY),
    PLAIN("logo", COMPANY),
    PLAIN("industry", COMPANY),
    PLAIN("revenue", COMPANY),
    PLAIN("employees", COMPANY),
    PLAIN("isMyCompany", COMPANY),
    PLAIN("ufLogo", COMPANY),
    PLAIN("ufStamp", COMPANY),
    PLAIN("ufDirectorSign", COMPANY),
    PLAIN("ufAccountantSign", COMPANY),
    PLAIN("companyIds", CONTACT),
    PLAIN("categoryId", CONTACT | COMPANY),
    PLAIN("fm", PEOPLE),
    PLAIN("hasPhone", PEOPLE),
    PLAIN("hasEmail", PEOPLE),
    PLAIN("hasImol", PEOPLE),
    PLAIN("phoneMobile", PEOPLE),
    PLAIN("phoneWork", PEOPLE),
    PLAIN("phoneMailing", PEOPLE),
    PLAIN("emailHome", PEOPLE),
    PLAIN("emailWork", PEOPLE),
    PLAIN("emailMailing", PEOPLE),
    PLAIN("imol", PEOPLE),
    PLAIN("skype", LEAD),
    PLAIN("icq", LEAD),
    /* quotes */
    PLAIN("quoteNumber", QUOTE),
    PLAIN("personTypeId", QUOTE),
    PLAIN("commentsType", QUOTE),
    PLAIN("content", QUOTE),
    PLAIN("contentType", QUOTE),
    PLAIN("terms", QUOTE),
    PLAIN("termsType", QUOTE),
    PLAIN("storageTypeId", QUOTE),
    PLAIN("storageElementIds", QUOTE),
    PLAIN("clientTitle", QUOTE),
    PLAIN("clientAddr", QUOTE),
    PLAIN("clientContact", QUOTE),
    PLAIN("clientEmail", QUOTE),
    PLAIN("clientPhone", QUOTE),
    PLAIN("clientTpId", QUOTE),
    PLAIN("clientTpaId", QUOTE),
    PLAIN("actualDate", QUOTE),
    /* tasks */
    SHORT("assigned", "responsibleId", FIELD_TO_USER, TASK, NULL),
    SHORT("created", "createdDate", FIELD_PLAIN, TASK, NULL),
    SHORT("updated", "changedDate", FIELD_PLAIN, TASK, NULL),
    PLAIN("id", TASK),
    PLAIN("title", TASK),
    PLAIN("description", TASK),
    PLAIN("status", TASK),
    PLAIN("deadline", TASK),
    PLAIN("priority", TASK),
    PLAIN("mark", TASK),
    PLAIN("parentId", TASK),
    PLAIN("groupId", TASK),
    PLAIN("stageId", TASK),
    PLAIN("flowId", TASK),
    LEADS("createdBy", FIELD_TO_USER, TASK, NULL),
    LEADS("changedBy", FIELD_TO_USER, TASK, NULL),
    LEADS("closedBy", FIELD_TO_USER, TASK, NULL),
    LEADS("statusChangedBy", FIELD_TO_USER, TASK, NULL),
    PLAIN("statusChangedDate", TASK),
    PLAIN("closedDate", TASK),
    PLAIN("activityDate", TASK),
    PLAIN("dateStart", TASK),
    PLAIN("startDatePlan", TASK),
    PLAIN("endDatePlan", TASK),
    PLAIN("timeEstimate", TASK),
    PLAIN("timeSpentInLogs", TASK),
    PLAIN("taskControl", TASK),
    PLAIN("allowChangeDeadline", TASK),
    PLAIN("allowTimeTracking", TASK),
    PLAIN("accomplices", TASK),
    PLAIN("auditors", TASK),
    PLAIN("tags", TASK),
    PLAIN("chatId", TASK),
    PLAIN("commentsCount", TASK),
    PLAIN("xmlId", TASK),
    /* what it is bound to (§3.5 "crm binding field"): the REST name is the whole list */
    PLAIN("ufCrmTask", TASK),
    SHORT("lead", "ufCrmTask", FIELD_TO_LEAD, TASK, NULL),
    SHORT("deal", "ufCrmTask", FIELD_TO_DEAL, TASK, NULL),
    SHORT("contact", "ufCrmTask", FIELD_TO_CONTACT, TASK, NULL),
    SHORT("company", "ufCrmTask", FIELD_TO_COMPANY, TASK, NULL),
    /* activities: crm.activity.get answers in UPPER (§8.5) */
    SHORT("assigned", "RESPONSIBLE_ID", FIELD_TO_USER, ACTIVITY, NULL),
    SHORT("created", "CREATED", FIELD_PLAIN, ACTIVITY, NULL),
    SHORT("updated", "LAST_UPDATED", FIELD_PLAIN, ACTIVITY, NULL),
    PLAIN("ID", ACTIVITY),
    PLAIN("OWNER_ID", ACTIVITY),
    PLAIN("OWNER_TYPE_ID", ACTIVITY),
    PLAIN("TYPE_ID", ACTIVITY),
    PLAIN("PROVIDER_ID", ACTIVITY),
    PLAIN("PROVIDER_TYPE_ID", ACTIVITY),
    PLAIN("ASSOCIATED_ENTITY_ID", ACTIVITY),
    PLAIN("SUBJECT", ACTIVITY),
    PLAIN("DESCRIPTION", ACTIVITY),
    PLAIN("DIRECTION", ACTIVITY),
    PLAIN("COMPLETED", ACTIVITY),
    PLAIN("STATUS", ACTIVITY),
    PLAIN("PRIORITY", ACTIVITY),
    PLAIN("START_TIME", ACTIVITY),
    PLAIN("END_TIME", ACTIVITY),
    PLAIN("DEADLINE", ACTIVITY),
    PLAIN("LOCATION", ACTIVITY),
    PLAIN("ORIGIN_ID", ACTIVITY),
    PLAIN("ORIGINATOR_ID", ACTIVITY),
    PLAIN("IS_INCOMING_CHANNEL", ACTIVITY),
    LEADS("AUTHOR_ID", FIELD_TO_USER, ACTIVITY, NULL),
    LEADS("EDITOR_ID", FIELD_TO_USER, ACTIVITY, NULL),
    /* calls: voximplant.statistic.get (§8.12) */
    SHORT("assigned", "PORTAL_USER_ID", FIELD_TO_USER, CALL, NULL),
    SHORT("phone", "PHONE_NUMBER", FIELD_PLAIN, CALL, NULL),
    SHORT("created", "CALL_START_DATE", FIELD_PLAIN, CALL, NULL),
    PLAIN("ID", CALL),
    PLAIN("CALL_ID", CALL),
    PLAIN("CALL_TYPE", CALL),
    PLAIN("CALL_DURATION", CALL),
    PLAIN("CALL_FAILED_CODE", CALL),
    PLAIN("CALL_FAILED_REASON", CALL),
    PLAIN("CALL_RECORD_URL", CALL),
    PLAIN("PORTAL_NUMBER", CALL),
    PLAIN("COST", CALL),
    PLAIN("COST_CURRENCY", CALL),
    PLAIN("CRM_ENTITY_TYPE", CALL),
    PLAIN("CRM_ENTITY_ID", CALL),
    PLAIN("CRM_ACTIVITY_ID", CALL),
    /* timeline comments */
    SHORT("created", "CREATED", FIELD_PLAIN, COMMENT, NULL),
    PLAIN("ID", COMMENT),
    PLAIN("ENTITY_ID", COMMENT),
    PLAIN("ENTITY_TYPE", COMMENT),
    PLAIN("COMMENT", COMMENT),
    LEADS("AUTHOR_ID", FIELD_TO_USER, COMMENT, NULL),
    /* users */
    SHORT("phone", "PERSONAL_MOBILE", FIELD_PLAIN, USER, NULL),
    SHORT("position", "WORK_POSITION", FIELD_PLAIN, USER, NULL),
    SHORT("department", "UF_DEPARTMENT", FIELD_PLAIN, USER, NULL),
    SHORT("created", "DATE_REGISTER", FIELD_PLAIN, USER, NULL),
    PLAIN("ID", USER),
    PLAIN("ACTIVE", USER),
    PLAIN("NAME", USER),
    PLAIN("LAST_NAME", USER),
    PLAIN("SECOND_NAME", USER),
    PLAIN("EMAIL", USER),
    PLAIN("WORK_PHONE", USER),
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], NAME_SIZE = 64 };

static int kind_bit(int entity_type)
{
    int type = entity_type >= ENTITY_ITEM ? ENTITY_ITEM : entity_type;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if (bits[i].type == type)
            return bits[i].bit;
    return 0;
}

/* "assignedById" → "ASSIGNED_BY_ID"; a name without small letters stays as it is. */
static bool upper_name(const char *name, char out[NAME_SIZE])
{
    bool camel = false;
    size_t used = 0;
    for (const char *p = name; *p != '\0'; p++)
        camel = camel || islower((unsigned char)*p);
    for (const char *p = name; *p != '\0'; p++) {
        if (used + 3 > NAME_SIZE)
            return false;
        if (camel && p > name && isupper((unsigned char)*p))
            out[used++] = '_';
        out[used++] = (char)toupper((unsigned char)*p);
    }
    out[used] = '\0';
    return used > 0;
}

/* A REST name is camel or UPPER_SNAKE as a whole; "Title" and "assigned_by_id" are neither. */
static bool is_rest_name(const char *word)
{
    bool small = false, snake = strchr(word, '_') != NULL;
    for (const char *p = word; *p != '\0'; p++)
        small = small || islower((unsigned char)*p);
    return small ? !snake && islower((unsigned char)word[0]) : isupper((unsigned char)word[0]) != 0;
}

/* Rules ask for fields with each event: hardly any row gets beyond its first letter. */
static bool is_upper_of(const char *name, const char *upper)
{
    char own[NAME_SIZE];
    return toupper((unsigned char)name[0]) == upper[0] && upper_name(name, own) &&
           strcmp(own, upper) == 0;
}

static bool row_has_name(const struct row *row, const char *upper)
{
    return (row->classic != NULL && strcmp(row->classic, upper) == 0) ||
           is_upper_of(row->field.name, upper);
}

const struct field *field_find(int entity_type, const char *word)
{
    int bit = kind_bit(entity_type);
    char upper[NAME_SIZE];
    for (size_t i = 0; i < ROW_COUNT; i++)
        if ((rows[i].kinds & bit) != 0 && strcmp(rows[i].field.word, word) == 0)
            return &rows[i].field;
    if (!is_rest_name(word) || !upper_name(word, upper))
        return NULL;
    /* Classic PHONE and EMAIL are what the short words say, the list `fm` is the plain row. */
    for (size_t i = 0; i < ROW_COUNT; i++) {
        bool multi = field_multi_type(rows[i].field.leads) != NULL;
        if ((rows[i].kinds & bit) == 0)
            continue;
        if (multi ? is_upper_of(rows[i].field.word, upper) : row_has_name(&rows[i], upper))
            return &rows[i].field;
    }
    return NULL;
}

/* Digits, at least one, and nothing else. */
static bool is_type_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0';
}

int field_target(enum field_leads leads)
{
    switch (leads) {
    case FIELD_TO_USER:
        return ENTITY_USER;
    case FIELD_TO_CONTACT:
    case FIELD_TO_CONTACTS:
        return ENTITY_CONTACT;
    case FIELD_TO_COMPANY:
        return ENTITY_COMPANY;
    case FIELD_TO_LEAD:
        return ENTITY_LEAD;
    case FIELD_TO_DEAL:
        return ENTITY_DEAL;
    case FIELD_PLAIN:
    case FIELD_PHONE:
    case FIELD_EMAIL:
    case FIELD_PHONES:
    case FIELD_EMAILS:
    case FIELD_STAGE:
    case FIELD_FUNNEL:
        break;
    }
    return ENTITY_NONE;
}

const char *field_multi_type(enum field_leads leads)
{
    if (leads == FIELD_PHONE || leads == FIELD_PHONES)
        return "PHONE";
    return leads == FIELD_EMAIL || leads == FIELD_EMAILS ? "EMAIL" : NULL;
}

bool field_is_custom(const char *word)
{
    if (strncmp(word, "UF_", 3) == 0)
        return word[3] != '\0';
    if (strncmp(word, "uf", 2) == 0)
        return isupper((unsigned char)word[2]) != 0;
    if (strncmp(word, "parentId", 8) == 0)
        return is_type_number(word + 8);
    return strncmp(word, "PARENT_ID_", 10) == 0 && is_type_number(word + 10);
}

size_t field_words(int entity_type, const char **words, size_t most)
{
    int bit = kind_bit(entity_type);
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct field *field = &rows[i].field;
        if ((rows[i].kinds & bit) == 0)
            continue;
        if (count < most)
            words[count++] = field->word;
        /* "assignedByld" is nearer to the REST name than to "assigned". */
        bool multi = field_multi_type(field->leads) != NULL;
        if (!multi && strcmp(field->word, field->name) != 0 && count < most)
            words[count++] = field->name;
    }
    return count;
}

const char *const *field_volatile(void)
{
    static const char *const names[] = {
        "updatedTime",
        "lastActivityTime",
        "lastActivityBy",
        "dateModifyShort",
        "searchContent",
        "changedDate",
        "activityDate",
        "viewedDate",
        "commentsCount",
        "LAST_UPDATED",
        "LAST_LOGIN",
        "LAST_ACTIVITY_DATE",
        NULL,
    };
    return names;
}
