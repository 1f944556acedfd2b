#ifndef SANDBOX_METHODS_H
#define SANDBOX_METHODS_H

/* Every method that the stand-in knows; the table is in methods.c. */

#include "sandbox/method.h"

/* methods_item.c, bitrix24.md §8.2 */
method_fn crm_item_add, crm_item_get, crm_item_update, crm_item_delete, crm_item_list,
    crm_item_fields;
/* methods_classic.c, §8.3; the type is in the method's name */
method_fn crm_classic_add, crm_classic_get, crm_classic_update, crm_classic_delete,
    crm_classic_list, crm_classic_fields, crm_classic_userfields, crm_contacts_get,
    crm_contacts_set;
/* methods_pipeline.c, §8.1, §8.4 */
method_fn crm_category_list, crm_status_list, crm_stagehistory_list, crm_type_list,
    crm_enum_ownertype;
/* methods_timeline.c, §8.5 */
method_fn crm_timeline_comment_add, crm_timeline_comment_get, crm_timeline_comment_list,
    crm_timeline_comment_update, crm_timeline_comment_delete;
/* methods_activity.c, §8.5 */
method_fn crm_activity_todo_add, crm_activity_add, crm_activity_get, crm_activity_list,
    crm_activity_update, crm_activity_delete, crm_activity_binding_list;
/* methods_automation.c, §8.6, §8.9 */
method_fn crm_duplicate_findbycomm, crm_automation_trigger, bizproc_workflow_start,
    bizproc_workflow_template_list, crm_document_add, crm_document_get, crm_document_list,
    crm_document_template_list;
/* methods_task.c, §8.7 */
method_fn tasks_task_add, tasks_task_get, tasks_task_list, tasks_task_update, tasks_task_delete,
    tasks_task_status, tasks_task_delegate, task_checklistitem_add, task_checklistitem_getlist,
    task_checklistitem_complete;
/* methods_task_v3.c, §3.7 */
method_fn tasks_task_add_v3, tasks_task_get_v3;
/* methods_im.c, §8.8 */
method_fn im_notify_add, im_message_add, imopenlines_crm_message_add, imopenlines_crm_chat_get,
    imopenlines_crm_chat_last, imopenlines_session_history;
/* methods_user.c, §8.10 */
method_fn user_get, user_search, user_current, department_get, timeman_status,
    calendar_accessibility_get, im_user_list_get;
/* methods_system.c, §8.14 */
method_fn server_time, profile, scope_list, method_get, app_info, user_admin, feature_get,
    crm_settings_mode_get, batch_in_batch;

/* A row under its classic names, changed by `fields`; unknown names are passed over. */
void methods_update_row(json_t *row, const json_t *fields, const char *const *names);
/* The number as text, as the classic methods show it. New. */
json_t *methods_text_new(int64_t number);
bool methods_user_exists(const struct call *, int64_t id);

#endif
