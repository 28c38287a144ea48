/* The audit log: who changed what, the newest first. Nothing is changed here. */
import { useState } from "react";
import { moment } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { Listing, Text } from "./Listing.tsx";
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
      <Listing
        name={fleet.viewNames.audit}
        columns={[columns.at, columns.action, columns.target, columns.tenant, columns.actor]}
        none={fleet.audit.none}
        pages={list}
      >
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
      </Listing>
    </section>
  );
}
