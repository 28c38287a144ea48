/* The audit log: who changed what, the newest first. Nothing is changed here. */
import { useState } from "react";
import { asProblem } from "../../shared/problems.ts";
import { moment } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { Text } from "./Jobs.tsx";
import { type AuditFilter, useAudit } from "./queries.ts";

export function AuditView() {
  const { fleet } = useStrings();
  const language = useLanguage();
  const [filter, setFilter] = useState<AuditFilter>({ action: "", tenant: "" });
  const list = useAudit(filter);
  const deeds = list.data?.pages.flatMap((page) => page.items) ?? [];
  const { columns } = fleet.audit;
  return (
    <section className="card block">
      <div className="filters">
        <Text label={columns.action} value={filter.action} onChange={(action) => setFilter((now) => ({ ...now, action }))} />
        <Text label={columns.tenant} value={filter.tenant} onChange={(tenant) => setFilter((now) => ({ ...now, tenant }))} />
      </div>
      {list.error && (
        <p className="note bad" role="alert">
          {asProblem(list.error).message}
        </p>
      )}
      {list.isSuccess && deeds.length === 0 && <p className="soft none">{fleet.audit.none}</p>}
      {deeds.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label={fleet.viewNames.audit}>
          <table className="jobs">
            <thead>
              <tr>
                {[columns.at, columns.action, columns.target, columns.tenant, columns.actor].map((one) => (
                  <th key={one} scope="col">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {deeds.map((deed) => (
                <tr key={deed.id} data-action={deed.action}>
                  <td>{moment(deed.at, language)}</td>
                  <th scope="row">
                    <code>{deed.action}</code>
                  </th>
                  <td title={JSON.stringify(deed.details)}>
                    <code>{deed.target}</code>
                  </td>
                  <td>{deed.tenant}</td>
                  <td>
                    <code>{deed.key_id ?? deed.actor}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.hasNextPage && (
        <button type="button" className="button small" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {fleet.moreJobs}
        </button>
      )}
    </section>
  );
}
