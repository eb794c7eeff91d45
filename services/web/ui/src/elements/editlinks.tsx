import { EditIcon, TrashIcon } from "./icons";

interface Props {
  /** Of what they are about. */
  name: string;
  /** The address of each dialog. */
  edit: string;
  remove: string;
}

/** Leads to the dialog that changes something, and to the one that removes it. */
export function EditLinks({ name, edit, remove }: Props) {
  return (
    <>
      <a class="button plain square" title="Edit" aria-label={`Edit ${name}`} href={edit}>
        <EditIcon />
      </a>
      <a class="button plain square" title="Remove" aria-label={`Remove ${name}`} href={remove}>
        <TrashIcon />
      </a>
    </>
  );
}
